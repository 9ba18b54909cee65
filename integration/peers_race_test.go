//go:build race

package integration_test

// raceDetector: the binary under test is built with it where the tests are.
const raceDetector = true
