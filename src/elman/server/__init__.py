"""Models over HTTP: what each can do, and sessions that keep a recurrent state."""
