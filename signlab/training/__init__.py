"""The shared trainer: losses, schedule, checkpoints, the loop."""
