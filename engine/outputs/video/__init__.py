"""Video files that survive what ends their writer: fragments first, an ordinary MP4 once closed."""
