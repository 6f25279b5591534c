internal import CLinux
internal import Glibc
public import Listeners

/// The packets in the kernel's log: `/dev/kmsg`, `Documentation/ABI/testing/dev-kmsg` of the kernel.
///
/// The kernel keeps the newest messages alone; where systemd keeps a journal, older ones come from there. A process can write to
/// the file, too; its messages never have the kernel's facility.
public final class KernelLog: PacketLog {
    private static let path = "/dev/kmsg"
    /// More than the longest record: `PRINTK_MESSAGE_MAX` of the kernel.
    private static let recordLength = 16 << 10
    private static let bootFile = "/proc/sys/kernel/random/boot_id"

    private let file: File
    /// Seconds since 1970-01-01T00:00:00Z at which the clock of the records stood at 0.
    private let start: Int64
    /// The number of times that records were overwritten before they were read.
    private var gaps = 0
    /// The number of messages with portreeve's prefix that could not be read.
    private var unreadable = 0
    /// The packets in the journal that are older than the buffer, until they are read.
    private var older: [LoggedPacket] = []
    /// The reason why packets of the journal may be missing.
    private let journalDoubt: String?

    /// Whether packets of every network namespace are in the log.
    private let hasOthers: Bool

    /// Whether the kernel writes the packets of every network namespace to its log.
    public static var hasEveryNamespace: Bool {
        ProcFile.text("/proc/sys/net/netfilter/nf_log_all_netns")?.hasPrefix("1") == true
    }

    /// Opens the log.
    ///
    /// - Parameters:
    ///   - start: where to begin.
    ///   - isHost: whether the calling thread is in the network namespace of the host.
    /// - Throws: `permission` without the right to read the log, `unsupported` if packets of the network namespace do not reach it.
    public init(from start: LogStart, isHost: Bool) throws(KernelError) {
        hasOthers = Self.hasEveryNamespace
        guard isHost || hasOthers else {
            throw KernelError(
                .unsupported, "reading the refused packets of a network namespace",
                answer: "the kernel writes those of the host alone to its log",
                advice:
                    "write \"log: {rate: 5/minute, to: netlink, group: 5}\" under \"defaults\", and run \"portreeve apply\" and \"portreeve refusals --watch\""
            )
        }
        do throws(SystemError) { file = try File(Self.path, O_RDONLY | O_NONBLOCK) } catch {
            var failure = error.during("reading the kernel's log")
            if failure.isDenied { failure.advice = "run as root" }
            throw failure
        }
        self.start = Int64(time(nil)) - Int64(HostCalls.time(of: CLOCK_MONOTONIC).tv_sec)
        guard start != .now else {
            lseek(file.descriptor, 0, SEEK_END)
            journalDoubt = nil
            return
        }
        let boot = (ProcFile.text(Self.bootFile) ?? "").filter(\.isHexDigit)
        let since: Int64? = if case .time(let time) = start { time } else { nil }
        let journal = KernelJournal(before: Self.oldest(), boot: boot, since: since)
        (older, unreadable, journalDoubt) = (journal.packets, journal.unreadable, journal.doubt)
    }

    /// The clock of the oldest message in the buffer, in microseconds since boot; `nil` if there is none.
    private static func oldest() -> Int64? {
        guard let file = try? File(path, O_RDONLY | O_NONBLOCK), let record = try? file.readAvailable(recordLength)
        else { return nil }
        return clock(of: String(decoding: record, as: UTF8.self))
    }

    /// The descriptor of the file.
    public var descriptor: Int32 { file.descriptor }

    /// Passes the packets since the last call to `body`.
    public func read(_ body: (LoggedPacket) -> Void) throws(KernelError) {
        older.forEach(body)
        older = []
        while let record = try next() {
            guard let (message, time) = Self.message(in: record), message.hasPrefix("portreeve ") else { continue }
            if let packet = LoggedPacket(message: message, time: start + time) { body(packet) } else { unreadable += 1 }
        }
    }

    /// The next record; `nil` if there is none yet.
    private func next() throws(KernelError) -> String? {
        while true {
            do throws(SystemError) {
                return String(decoding: try file.readAvailable(Self.recordLength), as: UTF8.self)
            } catch {
                if error.code == EAGAIN { return nil }
                // Records were overwritten: the next read gives the oldest one that is there.
                guard error.code == EPIPE else { throw error.during("reading the kernel's log") }
                gaps += 1
            }
        }
    }

    /// The text of a record of the kernel's own, and the seconds of its clock: `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT`.
    static func message(in record: String) -> (text: Substring, time: Int64)? {
        // The facility is above the three bits of the level; the kernel's is 0.
        guard let semicolon = record.firstIndex(of: ";"), let time = clock(of: record),
            let priority = record.split(separator: ",").first.flatMap({ UInt32($0) }), priority >> 3 == 0
        else { return nil }
        return (record[record.index(after: semicolon)...].prefix { $0 != "\n" }, time / 1_000_000)
    }

    /// The clock of a record, in microseconds since boot.
    private static func clock(of record: String) -> Int64? {
        let head = record.prefix { $0 != ";" }.split(separator: ",")
        return head.count >= 3 ? Int64(head[2]) : nil
    }

    /// What was overwritten or could not be read.
    public var doubts: [String] {
        [
            gaps == 0 ? nil : "the kernel's log overwrote messages before they were read",
            unreadable == 0
                ? nil : "\(unreadable) message\(unreadable == 1 ? "" : "s") of the kernel's log could not be read",
            hasOthers
                ? "refusals of other network namespaces are among these, since net.netfilter.nf_log_all_netns is 1"
                : nil,
            journalDoubt.map { "refusals that only the journal has may be missing: \($0)" },
        ].compactMap { $0 }
    }
}
