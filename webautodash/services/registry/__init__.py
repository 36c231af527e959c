"""The registry of providers: who they are, where their files and databases are, and who may use them."""
