"""What three readings of one model conclude: MLE, MAP and posterior, their checks and their table."""
