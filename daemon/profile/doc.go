// Package profile writes down what a device has to be told so that it asks this
// resolver, encrypted: a configuration profile for Apple's systems, and the
// settings of others for people to enter.
//
// # Concurrency
//
// Values only.
//
// # Resources
//
// A few kilobytes of text.
//
// # Security
//
// All settings are strict: where the resolver cannot be reached or verified,
// nothing is asked of another one. A profile holds no secret; who can change it
// on its way can put another resolver in, so it is to be carried over a channel
// that is trusted.
//
// # Standards
//
// RFC 7858, RFC 8310, RFC 8484, RFC 9461.
package profile
