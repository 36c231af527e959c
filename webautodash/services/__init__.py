"""What the program does, one module a subject; the command line and the facade call these."""
