"""A run to look at while it learns: its history, TensorBoard's event file, and report.html."""
