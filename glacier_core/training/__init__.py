"""Training: data, augmentation, losses, the loop."""
