"""The file as a whole: read with bounded memory, split into metadata and undecoded patients."""
