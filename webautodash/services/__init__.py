"""What the program does, one module per subject; the command line and the facade call these."""
