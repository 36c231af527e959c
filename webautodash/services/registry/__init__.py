"""The registry: providers with their names, databases and accounts, and the Results folders of the store."""
