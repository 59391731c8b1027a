"""The pure core: data set file, row rules, reject record, batch writer and Map Run result files.

It knows neither Airflow nor the CDK, and runs on the standard library (and boto3 where it talks to AWS).
"""
