"""Looking at what a generator can make."""
