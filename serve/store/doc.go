// Package store keeps what the service must not lose, in NATS JetStream: embedded in the process, every write on disk before it is acknowledged, or
// a cluster of servers by URL.
//
// Everything lives in five streams, and nothing is written twice:
//
//	STATE   accepted versions of features and settings: the newest on a subject is what holds now. Older ones are deleted when the offline
//	        store has them.
//	RESULT  what is computed from them: recommendations, jobs, the current run. One message a subject.
//	INPUT   events of stock and sales from outside, until they are applied.
//	EVENT   what others may want to know, such as report.generated; kept for a week.
//	DEAD    messages whose handling failed too often, with the reason.
//
// Tasks of other programs, such as shards of a nightly run, are in a stream WORK of their own: see [OpenWork].
//
// Work is a durable consumer of a stream, so that a write and the work that it causes are one message: neither can be lost without the other.
package store
