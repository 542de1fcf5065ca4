"""What happens to a whole app: deploy, launch, hibernate, shut down, destroy."""
