"""MLflow: run folders become MLflow runs. The only importer of mlflow."""
