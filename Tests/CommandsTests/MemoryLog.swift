import Listeners
import System

/// A log of packets in memory: messages as the kernel writes them.
final class MemoryLog: PacketLog {
    /// The messages that were not read yet, each with its time.
    var messages: [(text: String, time: Int64)] = []
    /// The messages that come after those were read.
    var laterMessages: [[(text: String, time: Int64)]] = []
    var doubts: [String] = []
    let descriptor: Int32 = -1

    func read(_ body: (LoggedPacket) -> Void) {
        for (text, time) in messages { if let packet = LoggedPacket(message: text[...], time: time) { body(packet) } }
        messages = laterMessages.isEmpty ? [] : laterMessages.removeFirst()
    }

    /// A message about a packet to this host, 10.255.0.1.
    static func message(
        _ prefix: String = "portreeve refused: ", from source: String, _ port: UInt16, flags: String = "SYN",
        interface: String = "eth0"
    ) -> String {
        "\(prefix)IN=\(interface) OUT= MAC=02:00:00:00:00:01:02:00:00:00:01:01:08:00 SRC=\(source) DST=10.255.0.1 LEN=40 TOS=0x00 "
            + "PREC=0x00 TTL=64 ID=1 PROTO=TCP SPT=40000 DPT=\(port) WINDOW=4096 RES=0x00 \(flags) URGP=0 "
    }
}
