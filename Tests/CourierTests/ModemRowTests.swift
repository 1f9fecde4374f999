import Support
import Testing

/// What a driver meets in modems, row by row of the checklist for fake modems, and the tests that show it.
@Suite struct ModemRowTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let behaviour: String
        /// `FOLDER/FILE.function`, below `Tests`.
        let tests: [String]
        var testDescription: String { behaviour }
    }

    /// Echo in each channel of a multiplexer is not imitated yet: what is shown of one is how a line that it was left in is
    /// brought back.
    static let rows: [Row] = [
        Row(
            behaviour: "echo until it is turned off, also after a reset",
            tests: [
                "ATTests/LineFramerTests.anEchoIsDroppedWhereverItStands",
                "FakeModemTests/ResultCodeTests.echoIsOnAgainAfterAReset",
                "ATTests/StartUpTests.anEchoIsSeenAndNotAssumed",
            ]),
        Row(
            behaviour: "split reads, one octet at a time, several lines in one chunk",
            tests: [
                "ATTests/ATEngineTests.everySplitOfADialogueGivesTheSameAnswers",
                "FakeModemTests/ResultCodeTests.outputIsCutByTheSeedAndLosesNothing",
                "FakeModemTests/ResultCodeTests.severalLinesCanLeaveInOneWrite",
            ]),
        Row(
            behaviour: "a URC in every gap, and never within a transparent stream",
            tests: [
                "ATTests/ATEngineTests.aURCAtAnyLineGapLeavesTheAnswerAsItIs",
                "FakeModemTests/ResultCodeTests.unsolicitedLinesComeInEveryGap",
                "FakeModemTests/DataModeTests.unsolicitedLinesWaitForTheEndOfDataMode",
                "FakeModemTests/FaultEffectTests.aURCStandsInEachGapOfTheNumberGiven",
            ]),
        Row(
            behaviour: "octets in flight when the data state is taken away land in the command parser",
            tests: [
                "ATTests/ATEngineDataModeTests.octetsUnderWayWhenTheModemLeftAreOutlived",
                "FakeModemTests/FaultTests.aRebootInDataModeLetsPayloadLandInTheCommandParser",
                "FakeModemTests/DataModeTests.thePeersEndIsNoCarrierBehindItsLastOctetAndWhatIsInFlightIsACommand",
            ]),
        Row(
            behaviour: "prompt without a line end, with and without its blank, late, or an error in its place",
            tests: [
                "ATTests/LineFramerTests.aPromptNeedsNoLineEndAndItsBlankIsNotWaitedFor",
                "FakeModemTests/FaultTests.promptsFailInEachWay",
                "ATTests/ATEngineTests.anErrorInPlaceOfThePromptWritesNoPayload",
                "ATTests/ATEngineResyncTests.aPromptThatNeverComesIsCancelledAndItsPayloadNeverWritten",
            ]),
        Row(
            behaviour: "data notices at the edge alone",
            tests: [
                "ModemTests/DialectMachineTests.afterANoticeItFetchesUntilTheModemHasNothing",
                "FakeModemTests/SocketTests.arrivalsAreToldOnceUntilEverythingWasRead",
                "ModemTests/DialectMachineTests.aNoticeWhileAnEmptyFetchIsUnderWayLeadsToOneMore",
            ]),
        Row(
            behaviour: "payload that looks like anything of the line's",
            tests: [
                "CourierTests/DeliveryTests.aHostileMessageArrivesOctetForOctet",
                "SerialPortTests/SerialPortTests.everyOctetPassesUnchangedBothWays",
                "BearerTests/OnlineStreamTests.theEndTextAsPayloadIsRead",
                "CourierTests/DeliveryTests.postfixGetsAnAttachmentWithEveryOctetAndResumesTheSession",
            ]),
        Row(
            behaviour: "partial acceptance",
            tests: [
                "ModemTests/DialectMachineTests.sendFailOffersTheSameOctetsAgainAfterAPause",
                "FakeModemTests/SocketTests.theSeedLetsZeroOneAndAllButOneOctetsBeTakenAndNothingIsLost",
                "FakeModemTests/SocketTests.aFullBufferRefusesTheChunkAndTakesTheSameOctetsLater",
            ]),
        Row(
            behaviour: "a slow counter of acknowledged octets, and one that never completes",
            tests: [
                "ModemTests/DialectMachineTests.flushAsksUntilThePeerHasEverything",
                "ModemTests/DialectMachineTests.aFlushWithoutProgressTimesOut",
                "FakeModemTests/SocketTests.acknowledgementsTakeARoundTripAndAStalledCarrierGivesNone",
            ]),
        Row(
            behaviour: "the peer closes before, while and after unread data, or resets",
            tests: [
                "FakeModemTests/SocketTests.thePeersEndIsToldOnceWithUnreadOctetsKeptAndTheNumberTaken",
                "ModemTests/DialectMachineTests.thePeersCloseComesBehindTheLastOctet",
                "ModemTests/DialectMachineTests.aFetchRefusedBeforeTheCloseIsSaidIsAnEnd",
                "FakeModemTests/TerminalTests.aServerThatResetsIsSeenAsClosed",
                "FakeModemTests/FaultEffectTests.aHalfCloseEndsThePeersSideAndKeepsTheConnection",
            ]),
        Row(
            behaviour: "a slot in use after a failed open or the peer's close",
            tests: [
                "ModemTests/DialectMachineTests.aSlotInUseIsFreedOnceAndUsed",
                "FakeModemTests/SocketTests.aFailedOpenKeepsItsNumberUntilItIsClosed",
                "ModemTests/DialectMachineTests.aFailedOpenFreesItsSlotBeforeItIsReported",
                "ModemTests/DialectMachineTests.aSlotThatStaysInUseIsLeftAlone",
            ]),
        Row(
            behaviour: "a second mail at once: bearer kept, dropped, already open",
            tests: [
                "FakeModemTests/SocketTests.aSecondMailFollowsAtOnceWithTheBearerKeptOrDropped",
                "BearerTests/SocketBearerTests.aContextFoundActiveStaysActive",
                "BearerTests/SocketBearerTests.aRefusedActivationIsTriedOnceMoreBehindADeactivation",
                "CourierTests/RepetitionTests.manyMailsInOneRunLeaveNothingOpen",
            ]),
        Row(
            behaviour: "the bearer is lost during a send",
            tests: [
                "ModemTests/DialectMachineTests.aLostBearerEndsEverythingAtOnceWhileASendRuns",
                "FakeModemTests/SocketTests.aLostBearerNeedsItsDeactivationBeforeItComesBack",
                "CourierTests/TroubleTests.aLossInEachPhaseClosesEverythingAndTheNextMailLeaves",
            ]),
        Row(
            behaviour: "SIM: PIN wrong once, PUK, busy, none",
            tests: [
                "ModemTests/BringUpSIMTests.refusedPINIsNeverSentAgain",
                "FakeModemTests/CardAndNetworkTests.aWrongPINCostsATryAndTheRightOneRestoresThem",
                "FakeModemTests/CardAndNetworkTests.threeWrongPINsBlockTheCardUntilThePUK",
                "ModemTests/BringUpSIMTests.busySIMIsWaitedFor",
                "ModemTests/BringUpSIMTests.absentSIMIsSaidAfterASecondLook",
            ]),
        Row(
            behaviour: "registration: denied, searching, roaming, LTE alone",
            tests: [
                "ModemTests/BringUpRegistrationTests.denialStopsWithTheNetworksCause",
                "FakeModemTests/CardAndNetworkTests.aSearchOfThirtySecondsEndsInARegistrationThatIsTold",
                "ModemTests/BringUpRegistrationTests.roamingIsRefusedUnlessAllowed",
                "ModemTests/BringUpRegistrationTests.modemThatKnowsOnlyLTEIsRegistered",
            ]),
        Row(
            behaviour: "long commands without an octet",
            tests: [
                "FakeModemTests/FaultTests.aLongCommandHasNoOctetsForItsWholeTime",
                "ModemTests/PortTests.thirtyOneSecondsPassInMillisecondsAndEndInATimeout",
                "ATTests/ATEngineTests.aTimeoutOfTheConfigurationReplacesTheCommands",
            ]),
        Row(
            behaviour: "start in data mode, in CMUX, in PPP, at another baud rate",
            tests: [
                "FakeModemTests/TerminalTests.aPreludeLeavesTheModemInDataModeAndTheEscapeLeadsOut",
                "ATTests/StartUpTests.aMultiplexerIsClosedDown",
                "ATTests/StartUpPPPTests.aLinkIsAskedToEndAndItsModemSaysSo",
                "ATTests/StartUpPPPTests.aLinkThatDoesNotAnswerIsEscapedAndHungUp",
                "CourierTests/ReplayTests.aModemThatWasLeftInAMultiplexerOrInPPPIsBroughtBack",
                "FakeModemTests/ResultCodeTests.anotherSpeedThanTheHostsMakesGarbageBothWays",
                "ATTests/StartUpTests.noiseIsAnErrorThatSpeaksOfTheRate",
            ]),
        Row(
            behaviour: "`+++` with a guard time on both sides, or it is payload",
            tests: [
                "FakeModemTests/DataModeTests.theGuardedEscapeLeadsToCommandModeAndTheSocketStays",
                "FakeModemTests/DataModeTests.withoutSilenceBeforeItTheEscapeIsPayload",
                "FakeModemTests/DataModeTests.withoutSilenceBehindItTheEscapeIsPayload",
                "ATTests/ATEngineDataModeTests.leavingIsGuardedOnBothSidesAndProven",
            ]),
        Row(
            behaviour: "the drop of DTR",
            tests: [
                "FakeModemTests/DataModeTests.theDropOfDTRDoesWhatWasSet",
                "FakeModemTests/TerminalTests.twoHostsAtOnceAreCountedAndOnlyTheLastCloseDropsDTR",
            ]),
        Row(
            behaviour: "PPP: NO CARRIER behind the end, frames split",
            tests: [
                "PPPTests/LinkTests.whatTheModemSaysBehindTheEndIsTold",
                "BearerTests/PPPBearerTests.tcpPassesOverADialAndTheLineComesBack",
                "BearerTests/PPPBearerTests.aCallThatTheNetworkEndsReleasesWhoReads",
            ]),
        Row(
            behaviour: "the modem restarts in the middle",
            tests: [
                "ATTests/ATEngineResyncTests.aRestartFailsAllThatWaits",
                "FakeModemTests/FaultTests.aRebootEndsEverythingAndTellsItself",
                "CourierTests/FaultFileTests.aModemThatGoesAtAnyStepLeavesNothingOpen",
            ]),
        Row(
            behaviour: "the pty's master is closed: unplugged",
            tests: [
                "SerialPortTests/SerialPortTests.aPulledPlugIsUnplugged",
                "FakeModemTests/TerminalTests.anUnpluggedModemIsAHangUpForItsHost",
                "CourierTests/FaultFileTests.aModemThatGoesAtAnyStepLeavesNothingOpen",
                "ModemTests/PortTests.anUnpluggedLineEndsADataRead",
            ]),
    ]

    @Test(arguments: rows) func eachRowIsShownByTestsThatAreThere(_ row: Row) throws {
        #expect(!row.tests.isEmpty)
        for test in row.tests {
            let words = test.split(separator: ".")
            let path = "\(Gateway.root)/Tests/\(words[0]).swift"
            let source = try #require(TemporaryFolder.read(path), "\(path) is not there")
            #expect(source.contains("func \(words[1])("), "\(path) has no test \(words[1])")
        }
    }

    @Test func theChecklistIsWhole() {
        #expect(Self.rows.count == 22)
    }
}
