//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI270 "empty-middleware" Error
        "a Middleware has no settings of a kind"
        "Traefik logs `invalid middleware configuration`, drops every route that names it, and answers 404."
        "Add the settings of one kind, such as `compress: {}`, or remove the Middleware."
    CI271 "middleware-of-two-kinds" Error
        "a Middleware has settings of two kinds"
        "Traefik logs `multi-types middleware not supported`, drops every route that names it, and answers 404."
        "Make two Middlewares of it, and name both in the route."
    CI272 "middleware-refused" Error
        "Traefik refuses the settings of a Middleware"
        "Traefik drops every route that names the Middleware, and answers 404."
        "Correct the setting that the message names."
    CI273 "middleware-secret-unusable" Error
        "the Secret of a Middleware does not hold what it must"
        "Traefik does not make the Middleware, drops every route that names it, and answers 404."
        "Give a Secret of type `kubernetes.io/basic-auth` the keys `username` and `password`, any other one a single key with lines `user:hash`."
    CI274 "middleware-answers-all" Error
        "a Middleware lets no request through"
        "Traefik makes it, and answers every request itself: with 429 for `inFlightReq` without an `amount`, with 500 for `forwardAuth` without a valid URL as its address, with a redirect to a broken address for `redirectRegex` without a `replacement`."
        "Correct the setting that the message names."
}
