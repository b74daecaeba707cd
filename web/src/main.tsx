import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './styles.css';
import { App } from './frame';
import { earlyAnswer, forgetEarly } from './send';
import { drawing } from './ui/chart';

const show = () => render(<App />, document.getElementById('app')!);
/* What was asked early is nearly there: one frame with it is sooner seen than one without and another. */
const early = earlyAnswer();
if (early)
    Promise.race([early, new Promise((done) => setTimeout(done, 50))]).then(show, show);
else
    show();
setTimeout(() => {
    forgetEarly();
    drawing().catch(() => {}); /* so that no graph has to wait for it */
}, 1000);
