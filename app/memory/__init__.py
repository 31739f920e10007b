"""What outlives a request: lessons, token calibration, limits of models, in a store that workers share."""
