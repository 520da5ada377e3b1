"""The application: every part made once and wired, its start and end, and the database that the settings name."""
