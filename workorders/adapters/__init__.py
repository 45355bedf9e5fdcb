"""Tables, the store on the database, the loaders of reviewed data, the demo's past cases."""
