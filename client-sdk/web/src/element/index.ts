/** The element and its parts: loading this defines `<plansync-plan>`. */

import './calendar.js';
import './call.js';
import './carets.js';
import './changed.js';
import './comments.js';
import './consent.js';
import './field.js';
import './framing.js';
import './head.js';
import './item.js';
import './menu.js';
import './outline.js';
import './owners.js';
import './people.js';
import './pick.js';
import './private.js';
import './risks.js';
import './share.js';
import './sheet.js';
import './states.js';
import './success.js';
import './summary.js';
import './text.js';
import './thirty.js';
import './timeline.js';

export { PlansyncPlan } from './element.js';
