"""DynamoDB: the engine, its item models, its errors."""
