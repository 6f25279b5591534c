internal import CMnl
internal import Glibc
internal import System

extension NetlinkSocket {
    /// Sends one request and hands each message of the answer to `body`, to the end of the answer.
    ///
    /// - Parameters:
    ///   - request: the message, numbered `sequence`.
    ///   - sequence: the number that the answers carry.
    ///   - body: what is done with each answer; the message is valid during the call.
    /// - Returns: whether the kernel saw no change during a dump (no `NLM_F_DUMP_INTR`).
    /// - Throws: what the kernel answers, or what the socket reports.
    @discardableResult
    func request(
        _ request: [UInt8], sequence: UInt32, _ body: (NetlinkMessage) throws(SystemError) -> Void
    ) throws(SystemError) -> Bool {
        try send(request[...])
        var buffer = Self.receiveBuffer()
        var isConsistent = true
        // A dump that is left before its end keeps the socket busy: read on after a failure, and report it then.
        var failure: SystemError?
        while true {
            guard let messages = try receive(into: &buffer, waits: true) else { continue }
            for message in messages where message.sequence == sequence {
                if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { isConsistent = false }
                if let status = message.status {
                    if let error = status.code == 0 ? failure : status { throw error }
                    return isConsistent
                }
                guard failure == nil else { continue }
                do throws(SystemError) { try body(message) } catch { failure = error }
            }
        }
    }
}
