"""What people report of other systems, tried here."""
