data {
  int n;
  array[n] int heads;
  array[n] int flips;
  real theta_alpha;
  real theta_beta;
}
parameters {
  real<lower=0, upper=1> theta;
}
model {
  theta ~ beta(theta_alpha, theta_beta);
  heads ~ binomial(flips, theta);
}
