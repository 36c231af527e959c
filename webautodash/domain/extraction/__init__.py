"""Reading an extraction file: the document, the patients in it, and their clinical lists."""
