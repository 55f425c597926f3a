import { describeSecondOpinion, VENUE_PARTS } from '../support/second-opinion.ts'

describeSecondOpinion(VENUE_PARTS[0])
