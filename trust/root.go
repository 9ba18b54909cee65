package trust

// rootKeys are the root's key signing keys: KSK-2017, tag 20326, and KSK-2024,
// tag 38696, which signs from 2026 on. Their use has no dates here, so that a
// clock that is wrong shows in the times of signatures, where it is told apart,
// and not in anchors that are missing.
const rootKeys = `
. 172800 IN DNSKEY 257 3 8 (
	AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq
	7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnI
	DdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb
	9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTId
	sIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qih
	ylGa8subX2Nn6UwNR1AkUTV74bU= ) ; 20326
. 172800 IN DNSKEY 257 3 8 (
	AwEAAa96jeuknZlaeSrvyAJj6ZHv28hhOKkx3rLGXVaC6rXTsDc449/cidltpkyG
	wCJNnOAlFNKF2jBosZBU5eeHspaQWOmOElZsjICMQMC3aeHbGiShvZsx4wMYSjH8
	e7Vrhbu6irwCzVBApESjbUdpWWmEnhathWu1jo+siFUiRAAxm9qyJNg/wOZqqzL/
	dL/q8PkcRU5oUKEpUge71M3ej2/7CPqpdVwuMoTvoB+ZOT4YeGyxMvHmbrxlFzGO
	HOijtzN+u1TQNatX2XBuzZNQ1K+s2CXkPIZo7s6JgZyvaBevYtxPvYLw4z9mR7K2
	vaF18UYH9Z9GNUUeayffKC73PYc= ) ; 38696
`

// Root is the root's anchors as of this build. Package rfc5011 follows them
// from there.
func Root() []Key {
	keys, _ := ParseLines(rootKeys) // a constant, which a test holds to be right
	return keys
}
