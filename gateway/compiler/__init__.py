"""From an operation to its plan and program, from variables to commands: data for the back end and the store."""
