"""The picture of a show in figures: `reverie bench picture`. Each file measures one thing about a series of frames."""
