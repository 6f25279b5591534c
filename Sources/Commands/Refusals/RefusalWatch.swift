internal import Auditing
internal import Changes
internal import Listeners
internal import Policies
internal import System

/// The refusals of a log that grows, judged by the policy that is in force.
struct RefusalWatch {
    /// What was read.
    private(set) var tally = RefusalTally()
    private var judge: RefusalJudge
    private let log: any PacketLog
    private let since: TimeSpan?
    private let reading: (Int64) throws -> RefusalJudge
    private let generation: () throws(KernelError) -> UInt32
    /// The last answer, with the number of packets and the time that it is about.
    private var answer: (refusals: [Refusal], packets: Int, time: Int64)?

    /// Seconds after which an answer is old, since services and grants end by themselves.
    private static let age: Int64 = 10

    /// Begins with a policy that was read, and reads it again by `reading` when the generation of the ruleset is another.
    init(
        _ judge: RefusalJudge, _ log: any PacketLog, since: TimeSpan?,
        reading: @escaping (Int64) throws -> RefusalJudge,
        generation: @escaping () throws(KernelError) -> UInt32
    ) {
        (self.judge, self.log, self.since) = (judge, log, since)
        (self.reading, self.generation) = (reading, generation)
    }

    /// The descriptor that can be read when packets were logged.
    var descriptor: Int32 { log.descriptor }

    /// What is missing among the refusals, or is none, in sentences.
    var doubts: [String] { judge.doubts + log.doubts }

    /// Counts the packets that were logged since the last call.
    mutating func read(now: Int64) throws {
        var tally = tally
        let start = since.map { now - $0.seconds } ?? .min
        try log.read { if $0.time >= start { tally.add($0) } }
        self.tally = tally
    }

    /// Forgets the packets that were counted.
    mutating func forget() { (tally, answer) = (RefusalTally(), nil) }

    /// The refusals, as the policy judges them now.
    mutating func judged(now: Int64) throws -> [Refusal] {
        guard !tally.counts.isEmpty else { return [] }
        if try generation() != judge.generation { (judge, answer) = (try reading(now), nil) }
        let packets = tally.packets
        if let answer, answer.packets == packets, now - answer.time < Self.age { return answer.refusals }
        let refusals = judge.judge(tally, now: now)
        answer = (refusals, packets, now)
        return refusals
    }
}
