"""From selections to commands: select, project, bind. No I/O."""
