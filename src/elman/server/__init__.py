"""Models over HTTP: their operations, and sessions that keep a recurrent state."""
