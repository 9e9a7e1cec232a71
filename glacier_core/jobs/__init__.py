"""Work for many people: a bounded queue that is fair between them, and the state of each job."""
