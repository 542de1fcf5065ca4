"""The DynamoDB engine, its item models and its errors."""
