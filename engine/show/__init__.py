"""The show file: what a whole work is, in one YAML text a technician can read aloud."""
