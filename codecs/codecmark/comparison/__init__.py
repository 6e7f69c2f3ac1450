"""Two runs side by side: `pairs` lines them up, `changes` judges what differs, `text` tells."""
