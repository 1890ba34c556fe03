"""What the room says: one file a device kind, all on the contract of `sensors.base`. A new sensor is a new file."""
