"""Reading an extraction file: metadata, patients, the clinical lists and their items."""
