"""What ``make`` runs on a developer's machine: the demo, the embedded AWS, the UI, deploying and packaging."""
