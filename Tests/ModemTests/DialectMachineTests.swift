import AT
import ByteStreams
import Modem
import NIOCore
import Scopes
import Testing

/// `SocketMachine` before a Quectel, one event at a time.
@Suite(.timeLimit(.minutes(5))) struct DialectMachineTests {
    private let far = FarQuectel()

    private func rig(_ mode: Quectel.Mode = .buffer, tuning: SocketMachine.Tuning = .init()) -> DialectRig {
        DialectRig(Quectel(mode: mode), far, tuning: tuning)
    }

    // MARK: Opening

    @Test func openIsDoneWhenTheLineSaysSo() {
        let rig = rig()
        let id = rig.open()
        rig.answer()
        #expect(rig.actions.isEmpty)
        rig.passLine()
        #expect(rig.actions == [.opened(id)])
    }

    @Test func theLineMayComeBeforeTheAnswer() {
        let rig = rig()
        let id = rig.open()
        rig.handle(.line(ATLine("+QIOPEN: 0,0")))
        #expect(rig.actions.isEmpty)
        rig.answer(.success(.init()))
        #expect(rig.actions == [.opened(id)])
    }

    @Test func aFailedOpenFreesItsSlotBeforeItIsReported() {
        let rig = rig()
        far.openResult = 566
        let id = rig.open()
        rig.settle()
        #expect(far.commands.last?.hasPrefix("AT+QICLOSE=0") == true)
        guard case .openFailed(id, let fault)? = rig.takeActions().first else {
            Issue.record("the failure was not reported")
            return
        }
        #expect(fault.kind == .connectFailed)
        far.openResult = 0
        let next = rig.open()
        rig.settle()
        #expect(rig.actions == [.opened(next)])
        #expect(far.commands.last?.hasPrefix("AT+QIOPEN=1,0,") == true)
    }

    @Test func aRefusedOpenIsExplainedByTheModem() {
        let rig = rig()
        far.lastError = "565,DNS parse failed"
        let id = rig.open()
        rig.answer(.success(.init(result: .error)))
        rig.settle()
        #expect(rig.actions == [.openFailed(id, SocketFault(.nameNotResolved, words: "565 (DNS parse failed)"))])
    }

    @Test func aSlotInUseIsFreedOnceAndUsed() {
        let rig = rig()
        far.sockets[0] = FarSocket(isConnected: true)
        let id = rig.open()
        rig.settle()
        #expect(rig.actions == [.opened(id)])
        #expect(far.commands.filter { $0.hasPrefix("AT+QIOPEN=1,0,") }.count == 2)
    }

    @Test func aSlotThatStaysInUseIsLeftAlone() {
        let rig = rig()
        let id = rig.open()
        for _ in 0..<2 {
            rig.answer(.success(.init()))
            rig.handle(.line(ATLine("+QIOPEN: 0,563")))
            if rig.exchange?.text.wire.hasPrefix("AT+QICLOSE") == true { rig.answer(.success(.init(result: .error))) }
        }
        #expect(rig.exchange?.text.wire.hasPrefix("AT+QIOPEN=1,1,") == true)
        rig.settle()
        #expect(rig.actions == [.opened(id)])
    }

    @Test func anOpenWithoutAnyLineFailsAfterItsLimit() {
        let rig = rig()
        far.openResult = nil
        let id = rig.open()
        rig.settle()
        let begun = rig.now
        // The state, asked meanwhile, says nothing of it either.
        while rig.actions.isEmpty, rig.wait() { rig.settle() }
        #expect(rig.now - begun >= .seconds(150))
        guard case .openFailed(id, let fault)? = rig.actions.first else {
            Issue.record("no failure")
            return
        }
        #expect(fault.kind == .timedOut)
        #expect(far.sockets.isEmpty)
    }

    @Test func aCloseWhileOpeningEndsBoth() {
        let rig = rig()
        far.openResult = nil
        let id = rig.open()
        rig.handle(.close(id))
        #expect(rig.actions == [.openFailed(id, SocketFault(.closedHere))])
        rig.settle()
        #expect(rig.actions.last == .closed(id, .done))
        #expect(far.sockets.isEmpty)
    }

    @Test func severalSocketsHaveSlotsOfTheirOwn() {
        let rig = rig()
        let ids = (0..<12).map { _ in rig.opened() }
        #expect(far.sockets.count == 12)
        let one = rig.open()
        #expect(rig.actions.last == .openFailed(one, SocketFault(.noFreeSlot)))
        rig.handle(.close(ids[5]))
        rig.settle()
        _ = rig.open()
        #expect(rig.exchange?.text.wire.hasPrefix("AT+QIOPEN=1,5,") == true)
    }

    // MARK: Sending

    @Test func writesGoOutInTheLargestChunks() {
        let rig = rig()
        let id = rig.opened()
        var rest = ByteBuffer(repeating: 7, count: 5000)
        while rest.readableBytes > 0 {
            rig.handle(.write(id, rest))
            while !rig.actions.contains(where: \.isWrite) { rig.answer() }
            for case .writeFinished(id, .success(let count)) in rig.takeActions() {
                rest.moveReaderIndex(forwardBy: count)
            }
        }
        rig.settle()
        let sends = far.commands.filter { $0.hasPrefix("AT+QISEND") }
        #expect(sends == ["AT+QISEND=0,1460", "AT+QISEND=0,1460", "AT+QISEND=0,1460", "AT+QISEND=0,620"])
        #expect(rig.machine.counts(of: id)?.accepted == 5000)
    }

    @Test func sendFailOffersTheSameOctetsAgainAfterAPause() {
        let rig = rig()
        let id = rig.opened()
        far.accepts = { _ in 0 }
        rig.handle(.write(id, ByteBuffer(string: "hello")))
        rig.settle()
        #expect(far.taken(0).isEmpty)
        #expect(rig.exchange == nil)
        far.accepts = { $0 }
        let paused = rig.now
        #expect(rig.wait())
        rig.settle()
        #expect(rig.now - paused >= .milliseconds(100))
        #expect(far.taken(0) == Array("hello".utf8))
        #expect(rig.machine.counts(of: id)?.sends == 2)
    }

    @Test func aBufferThatStaysFullEndsTheStreamAfterItsLimit() {
        let rig = rig()
        let id = rig.opened()
        far.accepts = { _ in 0 }
        rig.handle(.write(id, ByteBuffer(repeating: 1, count: 100)))
        rig.handle(.read(id, atMost: 10))
        let begun = rig.now
        _ = rig.takeActions()
        while rig.actions.isEmpty, rig.now - begun < .seconds(200) {
            rig.settle()
            rig.wait()
        }
        #expect(rig.now - begun >= .seconds(120))
        guard case .readFinished(id, .failure(.timedOut))? = rig.actions.first else {
            Issue.record("the stream did not end: \(rig.actions)")
            return
        }
    }

    @Test func errorToASendEndsTheStreamButWhatWasReceivedIsRead() {
        let rig = rig()
        let id = rig.opened()
        far.arrive(Array("554 no".utf8), 0)
        far.sockets[0]?.hasPeerClosed = true
        far.lines = []
        rig.handle(.write(id, ByteBuffer(string: "x")))
        rig.settle()
        _ = rig.takeActions()
        rig.handle(.read(id, atMost: 100))
        rig.settle()
        #expect(rig.takeActions() == [.readFinished(id, .success(ByteBuffer(string: "554 no")))])
        rig.handle(.write(id, ByteBuffer(string: "y")))
        guard case .writeFinished(id, .failure(.reset))? = rig.takeActions().first else {
            Issue.record("the write did not fail")
            return
        }
    }

    @Test func aSendThatWasNotAnsweredIsNeverRepeated() {
        let rig = rig()
        let id = rig.opened()
        _ = rig.takeActions()
        rig.handle(.write(id, ByteBuffer(string: "hello")))
        rig.answer(.failure(.timedOut(command: "AT+QISEND=0,5")))
        rig.handle(.read(id, atMost: 1))
        rig.settle()
        while rig.wait() { rig.settle() }
        #expect(!far.commands.contains { $0.hasPrefix("AT+QISEND") })
        #expect(
            rig.takeActions().contains { if case .readFinished(_, .failure(.linkLost)) = $0 { true } else { false } })
    }

    // MARK: Receiving

    @Test func afterANoticeItFetchesUntilTheModemHasNothing() {
        let rig = rig()
        let id = rig.opened()
        far.gives = { min($0, 2) }
        rig.handle(.read(id, atMost: 100))
        far.arrive(Array("abcdef".utf8), 0)
        rig.settle()
        #expect(rig.machine.counts(of: id)?.received == 6)
        #expect(rig.machine.counts(of: id)?.fetches == 4)
    }

    @Test func aNoticeWhileAnEmptyFetchIsUnderWayLeadsToOneMore() {
        let rig = rig()
        let id = rig.opened()
        rig.handle(.line(ATLine("+QIURC: \"recv\",0")))
        #expect(rig.exchange?.text.wire == "AT+QIRD=0,1500")
        // The modem has answered "nothing" when octets come, and says so before the answer is looked at.
        far.arrive(Array("late".utf8), 0)
        rig.passLine()
        rig.answer(.success(.init(lines: [ATLine("+QIRD: 0")])))
        rig.settle()
        #expect(rig.machine.counts(of: id)?.received == 4)
    }

    @Test func aReaderWithoutNoticeLeadsToAFetch() {
        let rig = rig()
        let id = rig.opened()
        _ = rig.takeActions()
        far.sockets[0]?.fromPeer = Array("unsaid".utf8)
        rig.handle(.read(id, atMost: 100))
        rig.settle()
        #expect(rig.actions.isEmpty)
        #expect(rig.wait(atMost: .seconds(20)))
        rig.settle()
        #expect(rig.actions == [.readFinished(id, .success(ByteBuffer(string: "unsaid")))])
    }

    @Test func nothingIsPolledWithoutAReader() {
        let rig = rig()
        _ = rig.opened()
        #expect(rig.machine.deadline == nil)
    }

    @Test func itFetchesNoMoreThanTheReaderTakes() {
        let rig = rig()
        let id = rig.opened()
        far.arrive(Array(repeating: 9, count: 20_000), 0)
        rig.settle()
        #expect((rig.machine.counts(of: id)?.received ?? 0) <= 3000)
        var total = 0
        while total < 20_000 {
            rig.handle(.read(id, atMost: 700))
            rig.settle()
            for case .readFinished(_, .success(let octets?)) in rig.takeActions() { total += octets.readableBytes }
        }
        #expect(total == 20_000)
    }

    @Test(arguments: [0, 1, 1500, 1501, 4000])
    func thePeersCloseComesBehindTheLastOctet(_ waiting: Int) {
        let rig = rig()
        let id = rig.opened()
        _ = rig.takeActions()
        if waiting > 0 { far.arrive(Array(repeating: 3, count: waiting), 0) }
        far.closePeer(0)
        var read = 0
        var isEnded = false
        for _ in 0..<20 where !isEnded {
            rig.handle(.read(id, atMost: 1000))
            rig.settle()
            for case .readFinished(_, let result) in rig.takeActions() {
                switch result {
                case .success(let octets?): read += octets.readableBytes
                case .success(nil): isEnded = true
                case .failure(let failure): Issue.record("\(failure)")
                }
            }
        }
        #expect(isEnded)
        #expect(read == waiting)
        rig.handle(.read(id, atMost: 1))
        #expect(rig.takeActions() == [.readFinished(id, .success(nil))])
    }

    @Test func aCloseRightBehindTheOpenStillOpens() {
        let rig = rig()
        let id = rig.open()
        // All three lines overtake the answer.
        rig.handle(.line(ATLine("+QIOPEN: 0,0")))
        rig.handle(.line(ATLine("+QIURC: \"recv\",0")))
        rig.handle(.line(ATLine("+QIURC: \"closed\",0")))
        rig.answer()
        far.lines = []
        far.sockets[0]?.fromPeer = Array("421 busy".utf8)
        rig.handle(.read(id, atMost: 100))
        rig.settle()
        rig.handle(.read(id, atMost: 100))
        rig.settle()
        #expect(
            rig.actions == [
                .opened(id), .readFinished(id, .success(ByteBuffer(string: "421 busy"))),
                .readFinished(id, .success(nil)),
            ])
    }

    @Test func aFetchRefusedBeforeTheCloseIsSaidIsAnEnd() {
        let rig = rig()
        let id = rig.opened()
        _ = rig.takeActions()
        rig.handle(.line(ATLine("+QIURC: \"recv\",0")))
        rig.handle(.read(id, atMost: 1))
        rig.answer(.success(.init(result: .error)))
        #expect(rig.actions.isEmpty)
        rig.handle(.line(ATLine("+QIURC: \"closed\",0")))
        rig.settle()
        #expect(rig.actions == [.readFinished(id, .success(nil))])
    }

    @Test func aFetchRefusedForNoReasonIsAReset() {
        let rig = rig()
        let id = rig.opened()
        _ = rig.takeActions()
        rig.handle(.line(ATLine("+QIURC: \"recv\",0")))
        rig.handle(.read(id, atMost: 1))
        rig.answer(.success(.init(result: .error)))
        #expect(rig.wait(atMost: .seconds(1)))
        guard case .readFinished(id, .failure(.reset))? = rig.actions.first else {
            Issue.record("\(rig.actions)")
            return
        }
    }

    @Test func whatAnswersAShortFetchGoesOutBeforeTheNextFetch() {
        let rig = rig()
        let id = rig.opened()
        rig.handle(.read(id, atMost: 100))
        far.arrive(Array("250 ok".utf8), 0)
        rig.passLine()
        rig.answer()
        #expect(rig.exchange == nil)
        rig.handle(.write(id, ByteBuffer(string: "QUIT")))
        #expect(rig.exchange?.text.wire == "AT+QISEND=0,4")
        rig.answer()
        rig.wait(atMost: .milliseconds(10))
        #expect(rig.exchange?.text.wire == "AT+QIRD=0,1500")
    }

    @Test func aBulkWriteDoesNotStarveReads() {
        let rig = rig()
        let id = rig.opened()
        rig.handle(.write(id, ByteBuffer(repeating: 1, count: 2920)))
        far.arrive(Array("250 ok".utf8), 0)
        rig.passLine()
        rig.answer()
        #expect(rig.exchange?.text.wire.hasPrefix("AT+QIRD") == true)
        rig.answer()
        #expect(rig.exchange?.text.wire.hasPrefix("AT+QISEND") == true)
    }

    @Test func aCancelledReadLosesNothing() {
        let rig = rig()
        let id = rig.opened()
        _ = rig.takeActions()
        rig.handle(.read(id, atMost: 100))
        far.arrive(Array("kept".utf8), 0)
        rig.passLine()
        rig.handle(.cancelRead(id))
        rig.settle()
        #expect(rig.takeActions() == [.readFinished(id, .failure(.cancelled))])
        rig.handle(.read(id, atMost: 100))
        #expect(rig.takeActions() == [.readFinished(id, .success(ByteBuffer(string: "kept")))])
    }

    // MARK: Push

    @Test func pushedOctetsWaitForTheReaderAndSaturate() {
        var tuning = SocketMachine.Tuning()
        tuning.pushLimit = 10
        let rig = rig(.push, tuning: tuning)
        let id = rig.opened()
        _ = rig.takeActions()
        far.arrive(Array("0123456789".utf8), 0)
        far.closePeer(0)
        rig.passLine()
        #expect(rig.machine.isSaturated)
        rig.handle(.read(id, atMost: 4))
        #expect(!rig.machine.isSaturated)
        rig.passLine()
        rig.handle(.read(id, atMost: 100))
        rig.handle(.read(id, atMost: 100))
        #expect(
            rig.actions == [
                .readFinished(id, .success(ByteBuffer(string: "0123"))),
                .readFinished(id, .success(ByteBuffer(string: "456789"))), .readFinished(id, .success(nil)),
            ])
        #expect(!far.commands.contains { $0.hasPrefix("AT+QIRD") })
    }

    @Test func aCloseEndsSaturation() {
        var tuning = SocketMachine.Tuning()
        tuning.pushLimit = 10
        let rig = rig(.push, tuning: tuning)
        let id = rig.opened()
        far.arrive(Array("0123456789".utf8), 0)
        rig.passLine()
        #expect(rig.machine.isSaturated)
        rig.handle(.write(id, ByteBuffer(string: "still to go")))
        rig.handle(.close(id))
        #expect(!rig.machine.isSaturated)
    }

    // MARK: Flush and close

    @Test func flushAsksUntilThePeerHasEverything() {
        let rig = rig()
        let id = rig.opened()
        _ = rig.takeActions()
        rig.handle(.write(id, ByteBuffer(string: "0123456789")))
        rig.settle()
        _ = rig.takeActions()
        rig.handle(.flush(id))
        rig.settle()
        #expect(rig.actions.isEmpty)
        #expect(rig.machine.counts(of: id)?.acknowledged == 0)
        far.sockets[0]?.unacknowledged = 4
        rig.wait()
        rig.settle()
        #expect(rig.machine.counts(of: id)?.acknowledged == 6)
        far.sockets[0]?.unacknowledged = 0
        rig.wait()
        rig.settle()
        #expect(rig.actions == [.flushFinished(id, nil)])
    }

    @Test func aFlushWithoutProgressTimesOut() {
        let rig = rig()
        let id = rig.opened()
        rig.handle(.write(id, ByteBuffer(string: "x")))
        rig.settle()
        _ = rig.takeActions()
        rig.handle(.flush(id))
        let begun = rig.now
        while rig.actions.isEmpty {
            rig.settle()
            guard rig.actions.isEmpty, rig.wait() else { break }
        }
        #expect(rig.now - begun >= .seconds(120))
        guard case .flushFinished(id, .timedOut)? = rig.actions.first else {
            Issue.record("\(rig.actions)")
            return
        }
    }

    @Test func closeSendsWhatWasTakenFirst() {
        let rig = rig()
        let id = rig.opened()
        rig.handle(.write(id, ByteBuffer(string: "QUIT")))
        rig.handle(.close(id))
        rig.settle()
        #expect(far.taken(0) == Array("QUIT".utf8))
        #expect(rig.actions.last == .closed(id, .done))
        #expect(far.sockets.isEmpty)
    }

    @Test func closeDoesNotWaitForAFullBufferForEver() {
        let rig = rig()
        let id = rig.opened()
        far.accepts = { _ in 0 }
        rig.handle(.write(id, ByteBuffer(string: "QUIT")))
        rig.handle(.close(id))
        let begun = rig.now
        while rig.machine.openIDs == [id] {
            rig.settle()
            guard rig.machine.openIDs == [id], rig.wait() else { break }
        }
        #expect(rig.now - begun <= .seconds(5))
        guard case .closed(id, .failed)? = rig.actions.last else {
            Issue.record("\(rig.actions)")
            return
        }
        #expect(far.sockets.isEmpty)
    }

    @Test func aSocketThatIsClosedAlreadyClosesCleanly() {
        let rig = rig()
        let id = rig.opened()
        far.sockets = [:]
        rig.handle(.close(id))
        rig.settle()
        #expect(rig.actions.last == .closed(id, .notNeeded))
        rig.handle(.close(id))
        #expect(rig.actions.last == .closed(id, .notNeeded))
    }

    // MARK: Loss

    @Test func aLostBearerEndsEverythingAtOnceWhileASendRuns() {
        let rig = rig()
        let id = rig.opened()
        let opening = rig.open()
        rig.answer()
        rig.handle(.write(id, ByteBuffer(repeating: 1, count: 2920)))
        rig.handle(.write(id, ByteBuffer(string: "more")))
        rig.handle(.read(id, atMost: 1))
        _ = rig.takeActions()
        #expect(rig.exchange != nil)
        rig.handle(.line(ATLine("+QIURC: \"pdpdeact\",1")))
        let actions = rig.takeActions()
        #expect(actions.contains { if case .readFinished(id, .failure(.linkLost)) = $0 { true } else { false } })
        #expect(actions.contains { if case .writeFinished(id, .failure(.linkLost)) = $0 { true } else { false } })
        #expect(
            actions.contains { if case .openFailed(opening, let fault) = $0 { fault.kind == .lost } else { false } })
        #expect(actions.contains { if case .bearerLost = $0 { true } else { false } })
        rig.answer()
        #expect(rig.exchange == nil)
        let next = rig.open()
        guard case .openFailed(next, let fault)? = rig.takeActions().first else {
            Issue.record("a socket was opened on a lost bearer")
            return
        }
        #expect(fault.kind == .lost)
        rig.handle(.close(id))
        #expect(rig.actions == [.closed(id, .notNeeded)])
    }

    @Test func anotherContextsLossIsNotOurs() {
        let rig = rig()
        _ = rig.opened()
        _ = rig.takeActions()
        rig.handle(.line(ATLine("+QIURC: \"pdpdeact\",2")))
        #expect(rig.actions.isEmpty)
    }

    @Test func whatWasReceivedBeforeTheLossIsRead() {
        let rig = rig()
        let id = rig.opened()
        far.arrive(Array("250 ok".utf8), 0)
        rig.settle()
        _ = rig.takeActions()
        rig.handle(.line(ATLine("RDY")))
        _ = rig.takeActions()
        rig.handle(.read(id, atMost: 100))
        rig.handle(.read(id, atMost: 100))
        #expect(rig.actions.first == .readFinished(id, .success(ByteBuffer(string: "250 ok"))))
        guard case .readFinished(id, .failure(.linkLost))? = rig.actions.last else {
            Issue.record("\(rig.actions)")
            return
        }
    }

    // MARK: Hostile lines

    @Test func strangeAnswersAndLinesNeverTrap() {
        let rig = rig()
        let id = rig.opened()
        rig.handle(.write(id, ByteBuffer(string: "hello")))
        rig.handle(.flush(id))
        let lines = [
            "+QISEND: -1,-1,-1", "+QISEND: 99999999999999999999,0,0", "+QISEND: 0,0,9223372036854775807", "+QIRD: -5",
            "+QIURC: \"recv\",9223372036854775807", "+QIURC: \"closed\",7", "+QIOPEN: 0,563", "+QIOPEN: 0,0",
        ]
        for text in lines {
            rig.handle(.line(ATLine(text)))
            rig.handle(.line(ATLine(text, payload: ByteBuffer(string: "xyz"))))
            rig.answer(.success(.init(lines: [ATLine(text), ATLine(text, payload: ByteBuffer(string: "abc"))])))
            rig.wait()
        }
        rig.handle(.answered(.success(.init())))
        rig.handle(.read(id, atMost: 10))
        rig.handle(.close(id))
        rig.settle()
        #expect(rig.machine.openIDs.isEmpty)
    }
}

extension SocketMachine.Action {
    fileprivate var isWrite: Bool { if case .writeFinished = self { true } else { false } }
}
