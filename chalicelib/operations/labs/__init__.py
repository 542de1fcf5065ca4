"""Labs: apps that sign their users in to other apps; what an app stores of labs, and a lab of its apps."""
