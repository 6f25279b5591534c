public import Addressing
internal import Glibc
public import Listeners

/// Tries ports of one host from here, few at a time and at a bounded rate.
public struct Prober: Sendable {
    private let address: IPAddress
    private let milliseconds: Int64
    private let interval: Int64

    /// The most probes that wait for an answer at once.
    private static let mostAtOnce = 64

    /// Probes of one address.
    ///
    /// - Parameters:
    ///   - address: the address of the host.
    ///   - milliseconds: how long a probe waits for its answer; a datagram is sent again after half of that.
    ///   - rate: the most probes that start in a second, at least one.
    public init(of address: IPAddress, within milliseconds: Int64, atMost rate: Int) {
        self.address = address
        self.milliseconds = milliseconds
        interval = Int64(1000 / max(1, rate))
    }

    /// The address from which packets go to the host; `nil` if there is no route.
    public var source: IPAddress? {
        // The port of discard, RFC 863: a socket of UDP that is connected sends nothing.
        (try? ProbeSocket(ProbeTarget(.udp, 9), at: address, isSilent: true))?.source
    }

    /// The answers, in the order of the targets.
    public func answers(of targets: [ProbeTarget]) -> [ProbeAnswer] {
        var answers = [ProbeAnswer](repeating: .silence, count: targets.count)
        var attempts: [Int: ProbeAttempt] = [:]
        var (next, nextStart) = (0, Uptime.milliseconds)
        while next < targets.count || !attempts.isEmpty {
            if next < targets.count, attempts.count < Self.mostAtOnce, Uptime.milliseconds >= nextStart {
                nextStart = Uptime.milliseconds + interval
                do throws(SystemError) {
                    attempts[next] = ProbeAttempt(try ProbeSocket(targets[next], at: address), Uptime.milliseconds)
                } catch {
                    answers[next] = error.code == ECONNREFUSED ? .closed : .failure(HostCalls.text(ofError: error.code))
                }
                next += 1
                continue
            }
            let startsMore = next < targets.count && attempts.count < Self.mostAtOnce
            collect(&attempts, into: &answers, until: startsMore ? nextStart : .max)
        }
        return answers
    }

    /// Waits for answers until a time, or until a probe has waited long enough.
    private func collect(_ attempts: inout [Int: ProbeAttempt], into answers: inout [ProbeAnswer], until end: Int64) {
        let indices = attempts.keys.sorted()
        var requests = indices.compactMap { attempts[$0]?.socket.request }
        let now = Uptime.milliseconds
        let due = attempts.values.map { $0.due(within: milliseconds) }.min() ?? end
        let wait = Int32(clamping: max(0, min(end, due) - now))
        _ = unsafe poll(&requests, nfds_t(requests.count), wait)
        for (index, request) in zip(indices, requests) {
            guard let attempt = attempts[index] else { continue }
            if request.revents != 0 {
                answers[index] = attempt.socket.answer(from: address)
                attempts[index] = nil
            } else if Uptime.milliseconds >= attempt.start + milliseconds {
                attempts[index] = nil
            } else if Uptime.milliseconds >= attempt.due(within: milliseconds) {
                attempt.repeatOnce()
            }
        }
    }
}

/// A probe on its way.
private final class ProbeAttempt {
    let socket: ProbeSocket
    let start: Int64
    private var isRepeated = false

    init(_ socket: consuming ProbeSocket, _ start: Int64) {
        self.socket = socket
        self.start = start
    }

    /// When something is to be done if there is no answer: the datagram to be sent again, or the end.
    func due(within milliseconds: Int64) -> Int64 { start + (isRepeated ? milliseconds : milliseconds / 2) }

    /// Sends a datagram again; TCP repeats by itself.
    func repeatOnce() {
        isRepeated = true
        if socket.isDatagram { socket.send() }
    }
}
