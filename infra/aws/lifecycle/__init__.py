"""The lifecycle of an app: deploy, launch, roll back, hibernate, shut down, destroy."""
