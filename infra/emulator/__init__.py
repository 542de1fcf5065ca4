"""AWS on loopback, to rehearse a deployment: moto with what it lacks, and a player of Lambda functions."""
